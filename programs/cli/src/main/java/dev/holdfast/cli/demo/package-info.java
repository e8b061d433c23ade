/**
 * {@code holdfast demo}: a service of several processes, a client that follows it, a gateway before
 * it, and a story of six steps that would cost calls elsewhere.
 *
 * <p>{@link dev.holdfast.cli.demo.DemoCommand} reads the command line, {@link
 * dev.holdfast.cli.demo.calls.Demo} sets the stage, {@link dev.holdfast.cli.demo.DemoScenario} runs
 * the steps, and a {@link dev.holdfast.cli.demo.report.DemoDisplay} shows what happens.
 */
@NullMarked
package dev.holdfast.cli.demo;

import org.jspecify.annotations.NullMarked;
