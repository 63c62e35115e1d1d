"""A convolution over spans of pixels is the convolution over pixels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.spans import convolve_spans, in_spans


@pytest.mark.parametrize(("channels", "kernel", "stride"), [(3, 8, 4), (4, 6, 2), (3, 4, 4), (1, 3, 1)])
def test_spans_are_convolved_to_the_same_maps_and_teach_the_same(channels: int, kernel: int, stride: int) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(2, 32, 32, channels, generator=generator, dtype=torch.float64)
    convolution = nn.Conv2d(channels, 5, kernel, stride).double()
    maps = convolution(image.permute(0, 3, 1, 2))
    weights = torch.randn(maps.shape, generator=generator, dtype=torch.float64)
    expected = torch.autograd.grad((maps * weights).sum(), list(convolution.parameters()))
    spanned = convolve_spans(convolution, in_spans(image, stride).permute(0, 3, 1, 2))
    torch.testing.assert_close(spanned, maps)
    torch.testing.assert_close(torch.autograd.grad((spanned * weights).sum(), list(convolution.parameters())), expected)


def test_a_column_reads_spans_as_it_reads_images() -> None:
    column = Column(ColumnSpec())
    image = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    spans = in_spans(column.centred(image), column.spec.span)
    assert spans.shape == (3, 64, 16, 12)
    for spanned, seen in zip(column.layers(spans), column.layers(image), strict=True):
        torch.testing.assert_close(spanned, seen, atol=1e-5, rtol=0.0)


def test_where_a_stride_does_not_divide_pixels_stay_apart() -> None:
    assert ColumnSpec(convolutions=((16, 5, 2),)).span == 1
    assert ColumnSpec(convolutions=(), residual=(16,)).span == 1
    assert ColumnSpec(views=2).span == 1
    image = torch.zeros(1, 64, 64, 3)
    assert in_spans(image, 1).shape == image.shape
