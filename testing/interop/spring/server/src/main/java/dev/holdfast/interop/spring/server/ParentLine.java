package dev.holdfast.interop.spring.server;

import java.io.IOException;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/**
 * The line to the process that started this one: it is told when the application is ready, and this
 * process ends at once when that one is gone.
 */
@Component
class ParentLine {
  private volatile int port;

  @EventListener
  void onStarted(GrpcServerStartedEvent event) {
    port = event.getPort();
  }

  @EventListener
  void onReady(ApplicationReadyEvent event) {
    System.out.println("READY " + port);
    Thread watch = new Thread(ParentLine::awaitParentGone, "parent");
    watch.setDaemon(true);
    watch.start();
  }

  private static void awaitParentGone() {
    try {
      while (System.in.read() >= 0) {
        // The parent has nothing to say to a server.
      }
    } catch (IOException e) {
      System.err.println("standard input: " + e.getMessage());
    }
    Runtime.getRuntime().halt(0);
  }
}
