"""What the image models share: pictures in graphs, resizing, attacks, and what their cards say."""
