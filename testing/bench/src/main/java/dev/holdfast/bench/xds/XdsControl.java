package dev.holdfast.bench.xds;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.lab.process.ParentLine;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A child process with the control plane under measurement, and nothing else. */
public final class XdsControl {
  /** The word before the port in the child's first line. */
  static final String PORT = "PORT";

  /**
   * The command for the bytes that remain on the heap after a full collection, and the word before
   * the answer.
   */
  static final String HEAP = "HEAP";

  /** The command for the CPU time used so far, in nanoseconds, and the word before the answer. */
  static final String CPU = "CPU";

  private XdsControl() {}

  /** The main method of the child process; the argument is {@code REGISTRY}. */
  public static void main(String[] args) throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ParentLine parent = new ParentLine();
    try (ControlPlane control =
        ControlPlane.start(
            RegistryUri.parse(args[0]),
            Registries.shared(),
            new PolicyResources(Policy.NONE),
            ControlOptions.DEFAULT.withListen(anyPort).withAdmin(anyPort))) {
      parent.say("%s %d", PORT, control.address().getPort());
      for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
        parent.say(
            "%s %d", asked, asked.equals(HEAP) ? Machine.liveHeapBytes() : Machine.cpuNanos());
      }
    }
    System.exit(0);
  }
}
