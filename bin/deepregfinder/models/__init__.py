"""Models: a protocol, a catalogue, a registry, and a module or package for each model."""
