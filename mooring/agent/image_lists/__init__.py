"""The images that each kind of engine has, as the engine tells them; nothing here changes anything."""
