"""A development issuer with Keycloak's paths and claims: loopback only, and only with LICHEN_ENV=local."""
