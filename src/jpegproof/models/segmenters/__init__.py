"""Networks that tell the class of every pixel: torchvision's, segmentation-models-pytorch's and users' own."""
