package dev.holdfast.cli.lab;

import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelLabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The privilege check of the kernel lab, which needs root on the machine or in a user namespace.
 */
final class KernelRights {
  private static final int ROOT = 0;

  private KernelRights() {}

  /** Runs this very command line once more, as root of a user namespace. */
  static int rerunInUserNamespace() throws IOException, InterruptedException {
    ProcessHandle.Info self = ProcessHandle.current().info();
    List<String> words = new ArrayList<>();
    self.command().ifPresent(words::add);
    words.addAll(List.of(self.arguments().orElseThrow(() -> noSelf())));
    Process child = new ProcessBuilder(KernelLab.inUserNamespace(words)).inheritIO().start();
    Signals.onStop(child::destroy);
    return child.waitFor();
  }

  private static UserError noSelf() {
    return UserError.withCode(
        ExitCode.UNAVAILABLE, "lab: the kernel lab needs root (expected: sudo holdfast lab ..)");
  }

  static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(ROOT);
  }

  /** The failure as a user sees it. */
  static UserError error(KernelLabException failure) {
    boolean unavailable = failure.kind() == KernelLabException.KernelLabFailureKind.UNAVAILABLE;
    return UserError.withCode(
        unavailable ? ExitCode.UNAVAILABLE : ExitCode.FAILED, "lab: " + failure.getMessage());
  }
}
