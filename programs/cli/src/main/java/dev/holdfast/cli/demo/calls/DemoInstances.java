package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.process.InstanceLauncher;
import dev.holdfast.cli.demo.process.InstanceProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The instances that were ever started, in the order of their start. Thread-safe. */
final class DemoInstances implements AutoCloseable {
  private static final long KILL_MILLIS = 5_000;

  private final InstanceLauncher launcher;
  private final List<InstanceProcess> instances = new CopyOnWriteArrayList<>();
  private boolean closed;

  DemoInstances(InstanceLauncher launcher) {
    this.launcher = launcher;
  }

  /** Starts instances side by side and does not wait for them. */
  List<InstanceProcess> launch(int count) throws IOException {
    List<InstanceProcess> started = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      started.add(launchOne());
    }
    return started;
  }

  /** Everyone, the gone ones included. */
  List<InstanceProcess> all() {
    return List.copyOf(instances);
  }

  /** The instances that run and were not asked to end. */
  List<InstanceProcess> active() {
    return instances.stream().filter(InstanceProcess::isActive).toList();
  }

  /** The instances that ended without being asked to. */
  List<InstanceProcess> crashed() {
    return instances.stream()
        .filter(instance -> instance.state() == InstanceProcess.InstanceProcessState.CRASHED)
        .toList();
  }

  /** Kills every process that still runs and starts no more. */
  @Override
  public void close() throws InterruptedException {
    synchronized (this) {
      closed = true;
    }
    instances.stream().filter(InstanceProcess::isAlive).forEach(InstanceProcess::kill);
    for (InstanceProcess instance : instances) {
      if (!instance.awaitEnd(KILL_MILLIS)) {
        throw new IllegalStateException(
            instance.name() + ", process " + instance.pid() + ", survived SIGKILL");
      }
    }
  }

  // Under the lock, so that no process is started behind the back of close().
  private synchronized InstanceProcess launchOne() throws IOException {
    if (closed) {
      throw new IOException("the demo is ending");
    }
    InstanceProcess instance = launcher.launch("i" + (instances.size() + 1));
    instances.add(instance);
    return instance;
  }
}
