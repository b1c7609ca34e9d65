"""Acts of policy itself: one module, one public function."""
