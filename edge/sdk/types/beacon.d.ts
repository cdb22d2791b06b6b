/** Types of the globals that beacon.js defines. */

export interface BeaconOptions {
  /** Where the edge answers; default: the script's own origin. */
  endpoint?: string;
  siteId: string;
  debug?: boolean;
  trackPageViews?: boolean;
  trackClicks?: boolean;
  trackUserTimings?: boolean;
  batchSize?: number;
  /** Milliseconds. */
  batchTimeout?: number;
  directPageViews?: boolean;
  directEvents?: boolean;
  requireConsent?: boolean;
  /** Global Privacy Control counts too. */
  respectDoNotTrack?: boolean;
  consentCookie?: string;
  appName?: string;
  /** Whether fragments are the routes of a single-page app. */
  hashRouting?: boolean;
}

export interface BeaconEvent {
  name: string;
  category?: string;
  label?: string;
  /** Text that is no number goes into the properties. */
  value?: number | string;
  properties?: Record<string, unknown>;
}

export interface BeaconPageView {
  url?: string;
  path?: string;
  title?: string;
  referrer?: string;
  properties?: Record<string, unknown>;
}

export interface BeaconVariant<Config = any> {
  variant_id: string;
  config: Config;
}

export interface BeaconBehavior {
  id: string;
  name?: string;
  description?: string;
  /** Default: as the experiment's definition says. */
  autoActivate?: boolean;
  variants: { id: string; name?: string; activate?: (config: any) => unknown }[];
}

/** A call made before the script has loaded: the method, its arguments, and who waits for the answer. */
export type BeaconCall = [method: string, args?: ArrayLike<unknown>, resolve?: (answer: any) => void];

declare global {
  const Beacon: {
    init(options?: Partial<BeaconOptions>): void;
    trackEvent(event: BeaconEvent): void;
    trackPageView(overrides?: BeaconPageView): void;
    setConsent(granted: boolean): void;
    flush(): Promise<void>;
    /** Names the visitor in later events (`props.user_id`) and for conditions; the visitor id stays. */
    identify(id: string | null): void;
    /** Forgets the visitor: the next event comes from a new one. */
    reset(): void;
  };

  const BeaconExperiments: {
    init(options?: { endpoint?: string; debug?: boolean }): void;
    defineExperimentBehaviors(behaviors: BeaconBehavior[]): void;
    activateAll(): Promise<void>;
    activate(experimentId: string): Promise<BeaconVariant | null>;
    /** A lookup; it exposes nobody. */
    getVariant(experimentId: string): Promise<BeaconVariant | null>;
    isInVariant(experimentId: string, variantId: string): Promise<boolean>;
    trackConversion(experimentId: string, name: string, value?: number | string, properties?: Record<string, unknown>): void;
    /** In debug mode. */
    resetAssignments(): void;
    /** In debug mode. */
    forceVariant(experimentId: string, variantId: string): void;
    /** In debug mode. */
    getUserId(): string | null;
  };

  const BeaconFlags: {
    /** The fallback, too, while definitions are not here and for a flag that is off at its kill switch. */
    get<T>(key: string, fallback: T): T;
    isOn(key: string): boolean;
    /** Returns how to stop listening. */
    onChange(callback: () => void): () => void;
  };
}
