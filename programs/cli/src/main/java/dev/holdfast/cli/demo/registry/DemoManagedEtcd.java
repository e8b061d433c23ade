package dev.holdfast.cli.demo.registry;

import dev.holdfast.cli.demo.process.RunDirectory;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;

/**
 * The registry stage on an etcd of the demo's own in the scratch folder, which is stopped, started
 * again, and wiped.
 */
final class DemoManagedEtcd implements DemoRegistry {
  /**
   * The TTL of records. A killed instance stays in etcd that long, so the value is short enough for
   * the demo to wait.
   */
  static final String TTL = "3s";

  private static final String NAME = "etcd";

  private final RunDirectory runDirectory;
  private final EtcdProcess etcd;

  private DemoManagedEtcd(RunDirectory runDirectory, EtcdProcess etcd) {
    this.runDirectory = runDirectory;
    this.etcd = etcd;
  }

  /**
   * Starts an etcd and waits until it serves.
   *
   * @throws IOException when it is not installed or does not start; the message says what to do
   */
  static DemoManagedEtcd start(RunDirectory runDirectory) throws IOException {
    DemoManagedEtcd stage =
        new DemoManagedEtcd(
            runDirectory, EtcdProcess.start(runDirectory.directory().resolve(NAME)));
    runDirectory.recordPid(NAME, stage.etcd.pid());
    return stage;
  }

  @Override
  public String kind() {
    return "etcd";
  }

  @Override
  public RegistryUri uri() {
    return RegistryUri.parse(etcd.uri("demo") + "?ttl=" + TTL);
  }

  @Override
  public String outageDescription() {
    return "its process is stopped";
  }

  @Override
  public void makeUnavailable() {
    etcd.stop();
  }

  @Override
  public void makeAvailable() throws IOException {
    etcd.start();
    runDirectory.recordPid(NAME, etcd.pid());
    etcd.awaitHealthy();
  }

  @Override
  public boolean canBeWiped() {
    return true;
  }

  @Override
  public void wipe() throws IOException {
    etcd.stop();
    etcd.wipe();
    makeAvailable();
  }

  @Override
  public void close() {
    etcd.close();
  }
}
