"""The part of Keycloak's Admin REST API that the service *access* uses: users, groups, clients with an account."""
