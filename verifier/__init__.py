"""The scout-judge pass: scouts, judges, the reward and the beliefs."""
