"""Acts of oversight: one module, one public function."""
