"""Acts of the partner desk: one module, one public function, one passage through `policy.guard`."""
