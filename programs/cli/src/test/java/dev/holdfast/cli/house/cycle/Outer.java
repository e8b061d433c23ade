package dev.holdfast.cli.house.cycle;

import dev.holdfast.cli.house.cycle.inner.Inner;

/** The first half of a cycle of packages. */
public final class Outer {
  Inner inner() {
    return new Inner(this);
  }
}
