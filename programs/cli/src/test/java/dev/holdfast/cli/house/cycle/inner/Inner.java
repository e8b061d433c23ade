package dev.holdfast.cli.house.cycle.inner;

import dev.holdfast.cli.house.cycle.Outer;

/** The other half of a cycle of packages. */
public record Inner(Outer outer) {}
