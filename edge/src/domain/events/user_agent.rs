//! The little that is read from a user agent: device, browser, operating system, and whether it is a bot.
//!
//! A user agent is read word by word, because names contain each other: the phones of the brand Cubot are no bots, and
//! "Microsoft" contains "cros".

/// The facts that a user agent tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// `desktop`, `mobile` or `tablet`.
    pub device: Option<&'static str>,
    /// The browser's name.
    pub browser: Option<&'static str>,
    /// The operating system's name.
    pub os: Option<&'static str>,
    /// True if it calls itself a bot.
    pub bot: bool,
}

/// Words of bots.
const BOT_WORDS: &[&str] = &[
    "adsbot",
    "aiohttp",
    "axios",
    "bingpreview",
    "bot",
    "bots",
    "crawl",
    "curl",
    "embedly",
    "facebookexternalhit",
    "facebookcatalog",
    "feedfetcher",
    "gptbot",
    "httpclient",
    "lighthouse",
    "libwww",
    "mediapartners",
    "meta-externalagent",
    "monitor",
    "monitoring",
    "okhttp",
    "phantomjs",
    "playwright",
    "puppeteer",
    "scrapy",
    "selenium",
    "skypeuripreview",
    "slurp",
    "wget",
];
/// Beginnings of words of bots.
const BOT_BEGINNINGS: &[&str] = &["apachebench", "crawler", "headless", "pingdom", "spider", "uptime", "webcrawl"];
/// Ends of words of bots, such as Googlebot and Baiduspider.
const BOT_ENDS: &[&str] = &["bot", "crawler", "spider", "robot", "scraper"];
/// Beginnings of the user agents of programs.
const PROGRAMS: &[&str] = &["go-http-client", "java/", "node-fetch", "python-", "python/", "ruby", "php/", "node"];
/// Brands that end like bots.
const NOT_BOTS: &[&str] = &["cubot"];

// In this order: most browsers also name the ones they descend from.
const BROWSERS: &[(&[&str], &str)] = &[
    (&["edg", "edge", "edga", "edgios"], "Edge"),
    (&["opr", "opera", "opt", "opios"], "Opera"),
    (&["samsungbrowser"], "Samsung Internet"),
    (&["vivaldi"], "Vivaldi"),
    (&["fxios", "firefox"], "Firefox"),
    (&["crios", "chrome", "headlesschrome", "chromium"], "Chrome"),
    (&["safari"], "Safari"),
];

const SYSTEMS: &[(&[&str], &str)] = &[
    (&["windows"], "Windows"),
    (&["android"], "Android"),
    (&["iphone", "ipod"], "iOS"),
    (&["ipad"], "iPadOS"),
    (&["macintosh", "macos"], "macOS"),
    (&["cros"], "ChromeOS"),
    (&["linux"], "Linux"),
];

/// Reads a user agent.
pub fn read(user_agent: &str) -> Agent {
    let text = user_agent.to_ascii_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let first = |table: &[(&[&str], &'static str)]| table.iter().find(|(marks, _)| has(marks)).map(|(_, name)| *name);
    let os = first(SYSTEMS);
    let phone = words.iter().any(|word| word.starts_with("mobi")) || has(&["iphone", "ipod"]);
    let tablet = has(&["ipad", "tablet"]) || (has(&["android"]) && !phone);
    let device = match (tablet, phone) {
        (true, _) => Some("tablet"),
        (_, true) => Some("mobile"),
        _ => os.map(|_| "desktop"),
    };
    let bot = words.is_empty()
        || PROGRAMS.iter().any(|program| text.starts_with(program))
        || words.iter().any(|word| is_bot(word));
    Agent { device, browser: first(BROWSERS), os, bot }
}

fn is_bot(word: &str) -> bool {
    // A version is glued to some names: "Bot2".
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    !NOT_BOTS.contains(&word)
        && (BOT_WORDS.contains(&word)
            || BOT_BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
            || BOT_ENDS.iter().any(|end| word.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_told_apart() {
        let kit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        let cases = [
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {kit} Chrome/138.0 Safari/537.36 Edg/138.0"),
                ("desktop", "Edge", "Windows")),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1".into(),
                ("mobile", "Safari", "iOS")),
            (format!("Mozilla/5.0 (Linux; Android 15; SM-X710) {kit} Chrome/138.0 Safari/537.36"),
                ("tablet", "Chrome", "Android")),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
                ("desktop", "Firefox", "Linux")),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {kit} Chrome/138.0 Safari/537.36"),
                ("desktop", "Chrome", "ChromeOS")),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.0 Safari/605.1".into(),
                ("desktop", "Safari", "macOS")),
            (format!("Mozilla/5.0 (Linux; Android 13; CUBOT P80; wv) {kit} Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36"),
                ("mobile", "Chrome", "Android")),
            (format!("Mozilla/5.0 (Linux; Android 12; CUBOT_X30) {kit} Chrome/124.0 Mobile Safari/537.36"),
                ("mobile", "Chrome", "Android")),
            (format!("Mozilla/5.0 (X11; Linux x86_64; Microsoft Teams) {kit} Chrome/138.0 Safari/537.36"),
                ("desktop", "Chrome", "Linux")),
            (format!("Mozilla/5.0 (Linux; Android 14; Robotec R1) {kit} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36"),
                ("mobile", "Samsung Internet", "Android")),
        ];
        for (text, (device, browser, os)) in cases {
            let agent = Agent { device: Some(device), browser: Some(browser), os: Some(os), bot: false };
            assert_eq!(read(&text), agent, "{text}");
        }
    }

    #[test]
    fn bots_say_so() {
        for text in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) Chrome/W.X Mobile Safari/537.36 (compatible; Googlebot/2.1)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.1)",
            "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
            "Mozilla/5.0 (compatible; UptimeRobot/2.0)",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 (X11; Linux) HeadlessChrome/138.0 Safari/537.36",
            "Mozilla/5.0 (Linux) Chrome/138 Safari/537.36 Chrome-Lighthouse",
            "curl/8.5.0",
            "python-requests/2.32",
            "Go-http-client/2.0",
            "Java/17.0.1",
            "",
            "()",
        ] {
            assert!(read(text).bot, "{text}");
        }
    }
}
