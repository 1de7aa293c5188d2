"""What a backup is made of: blobs, rows as data, and a manifest that names them and is written last."""
