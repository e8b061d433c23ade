/**
 * Holdfast in applications of Spring Boot: the settings under {@code holdfast}, and the registries
 * of an application context.
 *
 * <p>{@link dev.holdfast.spring.boot.starter.client} has the channels, {@link
 * dev.holdfast.spring.boot.starter.server} the server, {@link
 * dev.holdfast.spring.boot.starter.discovery} the registries of Spring Cloud, and {@link
 * dev.holdfast.spring.boot.starter.actuator} what operators ask.
 */
@NullMarked
package dev.holdfast.spring.boot.starter;

import org.jspecify.annotations.NullMarked;
