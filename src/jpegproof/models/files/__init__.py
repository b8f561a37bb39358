"""Networks that come whole in one file: TorchScript, torch.export, ONNX."""
