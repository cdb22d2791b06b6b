/** Types of the globals that beacon.js defines. */

export interface BeaconOptions {
  /** The edge's address; default: the script's own origin. */
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
  /** True if fragments are the routes of a single-page app. */
  hashRouting?: boolean;
  /** Query parameters that are recorded beside campaigns' (`utm_…`), with commas between their names. Default: none. */
  allowedParameters?: string;
}

export interface BeaconEvent {
  name: string;
  /** The site's own id of what happened, such as an order number: results count it once. */
  id?: string | number;
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
    /** Names the visitor in later events (`props.user_id`) and for conditions; the visitor id stays. Listeners of flags are called. */
    identify(id: string | null): void;
    /** Forgets the visitor: the next event comes from a new one. What happened before is still sent, under the old id. */
    reset(): void;
  };

  const BeaconExperiments: {
    init(options?: { endpoint?: string; debug?: boolean }): void;
    defineExperimentBehaviors(behaviors: BeaconBehavior[]): void;
    activateAll(): Promise<void>;
    /** Shows the visitor's variant and exposes the visitor, also where no behaviour is defined and the caller renders the variant. */
    activate(experimentId: string): Promise<BeaconVariant | null>;
    /** A lookup; it exposes nobody. */
    getVariant(experimentId: string): Promise<BeaconVariant | null>;
    isInVariant(experimentId: string, variantId: string): Promise<boolean>;
    /** A property `order_id` or `transaction_id` is the conversion's id: results count it once. */
    trackConversion(experimentId: string, name: string, value?: number | string, properties?: Record<string, unknown>): void;
    /** In debug mode. */
    resetAssignments(): void;
    /** In debug mode. */
    forceVariant(experimentId: string, variantId: string): void;
    /** In debug mode. */
    getUserId(): string | null;
  };

  const BeaconFlags: {
    /**
     * The fallback, too, while definitions are not here and for a flag that is off at its kill switch. Where an experiment
     * decides the value, the visitor is exposed.
     */
    get<T>(key: string, fallback: T): T;
    /** True if the value is truthy; exposes like `get`. */
    isOn(key: string): boolean;
    /** Calls back when the definitions arrive or change, and when the visitor does. Returns how to stop listening. */
    onChange(callback: () => void): () => void;
  };
}
