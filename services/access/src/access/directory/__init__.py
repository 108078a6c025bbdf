"""The identity provider's people and groups, as *access* uses them."""
