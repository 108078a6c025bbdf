"""GraphQL manners that all subgraphs share."""
