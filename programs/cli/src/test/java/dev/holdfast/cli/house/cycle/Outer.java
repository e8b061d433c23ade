package dev.holdfast.cli.house.cycle;

import dev.holdfast.cli.house.cycle.inner.Inner;

/** One half of a cycle of packages. */
public final class Outer {
  Inner inner() {
    return new Inner(this);
  }
}
