package dev.holdfast.cli.demo;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;

/**
 * The registry stage on an etcd of the demo's own in the scratch folder, which is stopped, started
 * again, and wiped.
 */
final class OwnEtcdStage implements RegistryStage {
  /**
   * The TTL of records. A killed instance stays in etcd that long, so the value is short enough for
   * the demo to wait.
   */
  static final String TTL = "3s";

  private static final String NAME = "etcd";

  private final Scratch scratch;
  private final EtcdProcess etcd;

  private OwnEtcdStage(Scratch scratch, EtcdProcess etcd) {
    this.scratch = scratch;
    this.etcd = etcd;
  }

  /**
   * Starts an etcd and waits until it serves.
   *
   * @throws IOException when it is not installed or does not start; the message says what to do
   */
  static OwnEtcdStage start(Scratch scratch) throws IOException {
    OwnEtcdStage stage =
        new OwnEtcdStage(scratch, EtcdProcess.start(scratch.directory().resolve(NAME)));
    scratch.adopt(NAME, stage.etcd.pid());
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
  public String outage() {
    return "its process is stopped";
  }

  @Override
  public void takeAway() {
    etcd.stop();
  }

  @Override
  public void bringBack() throws IOException {
    etcd.start();
    scratch.adopt(NAME, etcd.pid());
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
    bringBack();
  }

  @Override
  public void close() {
    etcd.close();
  }
}
