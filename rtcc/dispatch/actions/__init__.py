"""Acts of dispatch: one module, one public function."""
