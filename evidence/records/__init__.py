"""The requests desk: who asks for footage, what is held for it at once, and what was found and answered."""
