"""Acts on recorded footage: one module, one public function."""
