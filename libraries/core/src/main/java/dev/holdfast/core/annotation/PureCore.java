package dev.holdfast.core.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a state machine without threads, sockets, clocks or random numbers of its own.
 *
 * <p>Inputs and the time go in, outputs and the next deadline come out. The architecture test
 * refuses a marked class that reads a clock, sleeps, starts a thread, draws a random number or
 * opens a socket, so that every schedule can be replayed from a seed under virtual time.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface PureCore {}
