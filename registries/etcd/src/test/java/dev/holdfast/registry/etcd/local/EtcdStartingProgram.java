package dev.holdfast.registry.etcd.local;

import java.nio.file.Path;

/** Starts an etcd in the folder named, says where it listens, and waits for the end of stdin. */
public final class EtcdStartingProgram {
  private EtcdStartingProgram() {}

  public static void main(String[] args) throws Exception {
    try (EtcdProcess etcd = EtcdProcess.start(Path.of(args[0]))) {
      if (args.length > 1) {
        etcd.pause();
      }
      System.out.println("port " + etcd.ports().client());
      while (System.in.read() >= 0) {
        // Nothing is expected.
      }
    }
  }
}
