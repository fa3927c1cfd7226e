"""Language and vision models behind one seam: `ChatModel`. Scouts and judges are made of one and a prompt."""
