"""The contraction structure: what travel times on a broken network have in common, whatever is broken."""
