"""How the network is told to Prometheus: pre-rendered names, values column by column."""
