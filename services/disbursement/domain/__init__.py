"""Pure rules of disbursement: methods return facts and refuse by named error."""
