package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.HoldfastCommand;
import dev.holdfast.cli.demo.process.InstanceMain;

/**
 * The main class of the demo's gateway process; not for direct use. The end of standard input means
 * that the parent is gone; the process then exits at once.
 */
final class GatewayMain {
  private GatewayMain() {}

  public static void main(String[] args) {
    InstanceMain.watchParent();
    HoldfastCommand.main(args);
  }
}
