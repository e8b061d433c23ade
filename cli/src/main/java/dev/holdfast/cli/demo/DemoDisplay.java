package dev.holdfast.cli.demo;

/** Shows a run to a person or a program. Called from several threads; implementations lock. */
interface DemoDisplay {

  /** Something worth a line that belongs to no step. */
  void say(String line);

  /** A step begins. */
  void stepStarted(int number, String title);

  /** A step is over. */
  void stepEnded(StepReport report);

  /** The state of things now; called about once per second. */
  void table(DemoSnapshot snapshot);

  /** A call that failed; told once, at the end. */
  void failure(double atSeconds, String step, String status);

  /** The end; nothing is shown after it. */
  void result(DemoResult result);
}
