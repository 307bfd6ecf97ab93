//! Derives for charms, checked against charmcraft.yaml.
