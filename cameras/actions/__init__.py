"""Acts on the registry: one module, one public function, one passage through `policy.guard`."""
