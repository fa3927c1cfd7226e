"""The web page: server-rendered, plain links and forms first, a little JavaScript over them."""
