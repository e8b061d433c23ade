package dev.holdfast.cli.demo;

import dev.holdfast.core.RegistryUri;
import java.io.IOException;

/** The registry of a run, as something that can be taken away and brought back. */
interface RegistryStage extends AutoCloseable {

  /** {@code file} or {@code etcd}. */
  String kind();

  /** What instances and clients are given. */
  RegistryUri uri();

  /** What {@link #takeAway()} does, for people: "its directory is renamed away". */
  String outage();

  /** Makes the registry unreachable for everyone. */
  void takeAway() throws IOException, InterruptedException;

  /** Makes it reachable again, with what it held. */
  void bringBack() throws IOException, InterruptedException;

  /** Whether {@link #wipe()} is ours to do. */
  boolean canBeWiped();

  /** Makes it lose everything it holds. */
  void wipe() throws IOException, InterruptedException;

  @Override
  void close() throws IOException, InterruptedException;
}
