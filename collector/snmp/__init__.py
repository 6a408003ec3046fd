"""SNMP as it stands on the wire: v1, v2c and v3 messages, in and out, with every byte in doubt."""
