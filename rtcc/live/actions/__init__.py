"""Acts of live watching: one module, one public function."""
