"""Acts on exports: one module, one public function."""
