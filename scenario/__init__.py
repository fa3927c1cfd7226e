"""What can be said about a frame: vocabulary, records, protocols, errors, configuration, the ledger, the workspace."""
