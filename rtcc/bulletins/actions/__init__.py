"""Acts of the bulletins: one module, one public function."""
