"""Networks that find objects, each seen through the one protocol `jpegproof.tasks.detector.Detector`."""
