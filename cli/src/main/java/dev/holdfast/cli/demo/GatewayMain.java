package dev.holdfast.cli.demo;

import dev.holdfast.cli.Holdfast;

/**
 * {@code holdfast gateway} as the demo starts it; not for people. When standard input ends, its
 * parent is gone, and it ends at once.
 */
final class GatewayMain {
  private GatewayMain() {}

  public static void main(String[] args) {
    InstanceMain.watchParent();
    Holdfast.main(args);
  }
}
