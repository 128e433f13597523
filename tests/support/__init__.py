"""What tests share: the servers, databases and topics they run on."""
