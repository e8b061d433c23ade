package dev.holdfast.cli;

import dev.holdfast.gateway.handover.Takeover;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Has the sockets of a gateway handed over, says so, and never serves. */
final class StalledTakeoverMain {
  private StalledTakeoverMain() {}

  public static void main(String[] args) throws Exception {
    Takeover takeover = Takeover.ask(Path.of(args[0])).orElseThrow();
    System.out.println("taken " + takeover.sockets().size());
    new CountDownLatch(1).await();
  }
}
