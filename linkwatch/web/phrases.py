"""The words of pages that are not there, in the languages of most of the web.

Two strengths. An *unmistakable* phrase names what is missing ("page not found"). A *bare* one
("404", "not found") can be about anything, and only counts as a whole: as one part of a title,
with nothing beside it but a site's name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _any(lines: str) -> str:
    """A table of patterns, one a line, as one pattern."""
    return "|".join(line.strip() for line in lines.strip().splitlines())


# In English nearly every sentence is somebody's title ("The story of the file that went missing"),
# so the words that may stand between a thing and its fate are told one by one.
_EN_CLAUSE = (
    r"(?:[\s,]+(?:that|which|you|we|you'(?:re|ve)|are|were|was|is|have|had|requested|asked|looking|"
    r"searching|trying|attempting|wanted|want|to|reach|access|view|visit|open|find|for|followed|"
    r"entered|typed|clicked|sought|here|at|this|url|address|page|or|[^\s,/.]*[/.][^\s,]*))"
    r"{0,10}?[\s,]+"
)
_EN_THINGS = r"page|file|document|url|web ?page|resource|link"
_EN_FATES = r"""
    not found
    (?:could|can|was|were|is|has|have)(?: not|n?'?t|not) (?:be |been )?(?:found|located)
    cannot be (?:found|located)
    (?:does not|doesn'?t|do not|don'?t) (?:seem to |appear to )?exist
    no longer (?:exists?|here|online)
    no longer available(?! (?:in|to|for|on|without|from|outside))
    is(?:n'?t| not) available(?! (?:in|to|for|on|without|from|outside|until|yet|right|at))
    is(?:n'?t| not) here
    (?:is|are|went) missing
    (?:has|have|was|were|may have|might have) (?:been )?(?:removed|deleted|taken down)
"""
_EN_NOT_FINDING = (
    r"\b(?:can'?t|can ?not|couldn'?t|could not|(?:un|not )able to) (?:seem to )?(?:find|locate) "
    rf"(?:(?:the|that|this|your|a|any) (?:\w+ )?(?:{_EN_THINGS})(?!\w)|"
    r"what you(?:'re| are) looking)"
)
_WORDS_BETWEEN = r"(?:[\s,]+[\w'./:-]+){0,6}?[\s,]+"

# Languages that say it in this order: what is missing, some words ("that you asked for"), its fate.
_THING_THEN_FATE = (
    (  # German
        "seite|webseite|datei|dokument|artikel|adresse|url|inhalt|beitrag",
        r"""
        nicht (?:mehr )?(?:gefunden|auffindbar|vorhanden|verfügbar|existent|finden)
        (?:existiert|gibt es) (?:leider )?nicht
        nicht (?:mehr )?existiert
        (?:wurde )?gelöscht
        """,
    ),
    (  # French
        "page|fichier|document|article|adresse|url|contenu|ressource",
        r"""
        introuvable
        (?:non[ -]|pas )trouvée?
        inexistante?
        n'existe (?:pas|plus)
        n'est plus (?:disponible|en ligne)
        n'a pas (?:pu être|été) trouvée?
        (?:est manquante|a été supprimée?)
        """,
    ),
    (  # Spanish, Catalan, Galician
        "página|pagina|pàgina|páxina|archivo|documento|artículo|contenido|dirección|recurso|url",
        r"""
        no (?:se ha |ha sido |fue |pudo ser |ha estat )?(?:encontrad[oa]|trobad[oa]|trobat)
        no (?:se encontró|se encuentra|se ha podido encontrar|s'ha trobat)
        (?:ya )?no (?:existe|existeix)
        (?:ya )?no (?:está|es) disponible
        inexistente
        non (?:atopada|existe)
        (?:ha sido|fue) eliminad[oa]
        """,
    ),
    (  # Portuguese
        "página|pagina|arquivo|ficheiro|documento|artigo|conteúdo|endereço|url",
        r"""
        n[ãa]o (?:foi |pôde ser |pode ser )?(?:encontrad[oa]|localizad[oa])
        (?:já )?não existe
        não está (?:mais )?disponível
        inexistente
        """,
    ),
    (  # Italian
        "pagina|file|documento|articolo|contenuto|indirizzo|risorsa|url",
        r"""
        non (?:è stat[oa] |può essere )?trovat[oa]
        non (?:esiste|è presente)
        non è (?:più )?disponibile
        inesistente
        è stat[oa] rimoss[oa]
        """,
    ),
    (  # Dutch, Afrikaans
        "pagina|bestand|document|artikel|adres|url|inhoud|bladsy",
        r"""
        niet (?:meer )?(?:gevonden|beschikbaar|aanwezig)
        bestaat (?:helaas )?niet
        (?:is|werd) verwijderd
        nie gevind nie
        """,
    ),
    (  # Swedish, Danish, Norwegian
        "sidan|sida|filen|dokumentet|artikeln|siden|side|artiklen|artikkelen|adressen",
        r"""
        (?:kunde |kunne |blev |ble )?(?:inte|ikke|ej) (?:hittas|hittades|fundet|funnet|findes)
        finn?s (?:tyvärr )?(?:inte|ej)
        (?:findes|finnes|eksisterer) (?:desværre |dessverre )?ikke
        hittades inte
        saknas
        """,
    ),
    (  # Polish
        "stron[ay]|plik|dokument|artykuł|adres|treść",
        r"""
        nie (?:została |został |zostało )?znalezion[aoey]
        nie (?:istnieje|odnaleziono)
        (?:nieznaleziona|jest niedostępna)
        """,
    ),
    (  # Czech, Slovak
        "stránk[au]|stranka|soubor|súbor|dokument|článek|článok",
        r"""
        (?:nebyl[ao]?|nebol[ao]?) (?:nalezen[ao]?|nájden[áýé])
        (?:nenalezena?|nenájdená|neexistuje)
        (?:sa nenašla|nelze najít|není dostupná)
        """,
    ),
    (  # Romanian
        "pagina|fișierul|documentul|articolul|adresa",
        r"""
        nu (?:a fost|a putut fi|poate fi) g[ăa]sit[ăa]?
        nu (?:mai )?exist[ăa]
        (?:negăsită|inexistentă)
        """,
    ),
    (  # Croatian, Serbian, Slovenian
        "stranica|strana|stran|datoteka|članak|страница",
        r"""
        nije (?:pronađen[ao]?|nađena|dostupna)
        ne (?:postoji|obstaja)
        ni (?:bila )?najdena
        није пронађена
        не постоји
        """,
    ),
    (  # Russian, Ukrainian, Belarusian, Bulgarian, Macedonian
        "страниц[аыу]|страницата|файл|документ|статья|статия|сторінк[аиу]|старонк[ау]",
        r"""
        не (?:была |был |бе |е )?(?:найден|знайден|знойдзен|намерен|открит|пронајден)[аоы]?
        не может быть найдена
        не (?:существует|існує|съществува|постои)
        больше не (?:существует|доступна)
        (?:была |був |была )?(?:удален|видален)[ао]?
        отсутствует
        """,
    ),
)

_FIXED = r"""
    \bno such (?:page|file|document)\b
    \bfile or directory not found\b
    \bpage (?:missing|non-?existent|gone|unavailable)(?!\w)
    \b(?:the|this|that) page (?:is|has) gone\b
    \bthe link you followed (?:may be |may have |is |has )(?:broken|expired)\b
    \bthere(?:'s| is) (?:nothing|no page) (?:here|at this (?:address|url))\b
    \bnothing (?:was |to be )?found (?:here|at this (?:location|address|url))\b
    \bdiese seite (?:gibt es|existiert) (?:leider )?nicht\b
    \bsivua ei (?:valitettavasti )?(?:löydy|löytynyt|ole)
    \betsimääsi sivua ei
    \bleh(?:ekülge|te) ei (?:leitud|leidu|ole)
    \bsíðan? (?:fannst ekki|er ekki til)
    \bnie (?:znaleziono|odnaleziono|można znaleźć) (?:\w+ )?(?:strony|pliku|artykułu)
    \boldal (?:már )?(?:nem (?:található|létezik|elérhető)|nincs meg)
    \b(?:нет такой|такой) страницы(?: больше)?(?: не существует| нет)?
    \bpuslapis (?:nerastas|neegzistuoja)
    \blapa (?:nav atrasta|neeksistē|nav pieejama)
    \bσελίδα (?:(?:που \w+ )?δεν) (?:βρέθηκε|υπάρχει)
    \bδεν βρέθηκε η σελίδα
    \b(?:sayfa|dosya|içerik) (?:\w+ )?(?:bulunamad[ıi]|bulunamamıştır|bulunmuyor|mevcut değil|yok)
    \bböyle bir sayfa yok
    \bsəhifə tapılmadı
    الصفحة (?:\w+ ){0,3}?(?:غير موجودة|غير متوفرة|غير متاحة)
    (?:لم يتم العثور على|تعذر العثور على) (?:هذه )?الصفحة
    صفحه (?:\w+ ){0,4}?(?:یافت نشد|پیدا نشد|وجود ندارد)
    (?:הדף|העמוד|דף|עמוד) (?:\w+ ){0,3}?(?:לא נמצא|לא קיים|אינו קיים)
    không tìm thấy (?:trang|bài viết|nội dung)
    \btrang (?:\w+ ){0,6}?không (?:tồn tại|tìm thấy|có sẵn|được tìm thấy)
    \b(?:halaman|laman) (?:\w+ ){0,5}?tidak (?:ditemukan|tersedia|ada|dijumpai|ditemui)
    (?:पृष्ठ|पेज) (?:नहीं मिला|उपलब्ध नहीं|मौजूद नहीं)
    ไม่(?:พบ|มี)(?:หน้า|เพจ)
    (?:页面|頁面|网页|網頁|文章|文件|内容|內容|地址)(?:已经|已經|可能)?(?:不存在|未找到|找不到|不见了|不見了|走丢了)
    (?:页面|頁面|网页|網頁|文章|文件|内容|內容)(?:[没沒]有|[无無]法)找到
    (?:页面|頁面|网页|網頁|文章|文件|内容|內容)(?:已经|已經|可能)?(?:已被?|被)[删刪]除
    (?:找不到|未找到|[没沒]有找到|[无無]法找到)[^。，,.!！\s]{0,14}?(?:页面|頁面|网页|網頁)
    (?:ページ|記事|ファイル|コンテンツ)[はがを]?[^。]{0,12}?(?:見つかりません|みつかりません|存在しません)
    (?:ページ|記事|ファイル|コンテンツ)(?:は|が)(?:[^。]{0,8}?削除され|ありません|ない|存在しない)
    (?:페이지|문서|게시물|파일)[를을가이]? ?(?:찾을 수 없|존재하지 않|없습니다|삭제되었)
    존재하지 않는 (?:페이지|문서|게시물)
"""

_BARE_FATES = r"""
    not found
    nothing (?:was )?found
    nicht gefunden
    non trouvée?
    introuvable
    no encontrad[oa]
    no se encontró
    n[ãa]o encontrad[oa]
    non trovat[oa]
    niet gevonden
    hittad?es? inte
    inte hittad
    ikke fun[dn]et
    ei löy(?:dy|tynyt)
    nie znaleziono
    nenalezeno
    nenájdené
    nem található
    nu a fost găsit
    nije pronađeno
    не (?:найден[оа]?|знайдено|е намерен[оа]?)
    δεν βρέθηκε
    bulunamad[ıi]
    غير موجود
    یافت نشد
    לא נמצא
    không tìm thấy
    tidak ditemukan
    未找到
    找不到
    見つかりません(?:でした)?
    찾을 수 (?:없습니다|없음)
    ไม่พบ
"""
_ERROR = (
    "error|http(?: status)?(?: error)?(?: code)?|status(?: code)?|fehler|erreur|errore|erro|fout|"
    "fel|fejl|feil|virhe|błąd|chyba|hiba|eroare|greška|ошибка|помилка|грешка|σφάλμα|hata|خطأ|خطای|"
    "שגיאה|lỗi|kesalahan|错误|錯誤|エラー|오류|ข้อผิดพลาด"
)
_PAGE = "page|seite|página|pagina|strona|страница|ページ"
_KINDS = (  # of things that have pages, and whose absence is also the title of songs and stories
    "profile|user|account|channel|group|event|listing|job|product|item|topic|thread|question|post|"
    "story|recipe|property|video|project|repository|collection|category|image|photo|entry|record|"
    "object"
)
_BARE = rf"""
    (?:the )?(?:(?:{_ERROR}|{_PAGE})\W?\W?){{0,3}}(?:404|410)(?:\W?\W?(?:{_ERROR}|{_PAGE})){{0,2}}
    (?:(?:{_ERROR})\W?\W?)?(?:404|410)?\W?\W?(?:{_any(_BARE_FATES)})(?:\W?\W?(?:404|410))?
    4\Woh\W4|4\W0\W4
    (?:that |this )?(?:{_KINDS}) (?:was )?(?:not found|no longer exists)
    (?:that |this )?(?:{_KINDS}) (?:doesn'?t|does not) exist
"""

# Words of a title that speaks *about* such pages: wherever they stand, or right beside the phrase.
_ASKS = r"""
    how (?:to|do|does|we|i)|why|what (?:is|are|to|does)|fix(?:ing|es)?|troubleshoot\w*|explained
    wie man|warum|beheben|pourquoi|cómo|perché|jak|как|почему|nasıl
"""
_ASKS_UNSPACED = "如何|怎[么麼样]|方法|対処|作り方|とは"
_ABOUT = r"""
    guide|tutorial|examples|tips|understanding|handl\w+|avoid\w*|solv\w+|creat\w+|mak(?:e|ing)
    build\w*|custom\w*|design\w*|errors|pages|status codes?|redirect\w*|lost and found|best|when
    what|erstellen|comment|créer|crear|come|creare
"""

_SEPARATOR = re.compile(
    r"\s*[|•·»«›‹｜：。！？!?<>()\[\]（）【】「」…]+\s*|\s+[-–—~/]+\s+|[:.]\s+|\s*[—–]\s*|,\s+"
)
_FILLER = re.compile(
    r"\A(?:(?:o+ps|whoops|ups|uh[- ]?oh|oh no|(?:we'?re )?(?:very )?sorry|error|hmm+)\b\W*)+"
)
_TRIM = " \t\"'“”„.-–—_*#:;,~=+"
_NUMBER = re.compile(r"\d\d")  # a year, an issue: this is about something
_NAME_WORDS = 6  # what a site may call itself
_OTHER_WORDS = 4  # beside an unmistakable phrase, in its own part of a title

_UNMISTAKABLE = re.compile(
    "|".join(
        [
            rf"\b(?:{_EN_THINGS}|content|(?:web ?)?site){_EN_CLAUSE}(?:{_any(_EN_FATES)})(?!\w)",
            _EN_NOT_FINDING,
            *(
                rf"\b(?:{things}){_WORDS_BETWEEN}(?:{_any(fates)})(?!\w)"
                for things, fates in _THING_THEN_FATE
            ),
            _any(_FIXED),
        ]
    )
)
_WHOLE = re.compile(_any(_BARE))
_IS_ABOUT = re.compile(rf"\b(?:{_any(_ASKS)})(?!\w)|{_ASKS_UNSPACED}")
_SPEAKS_ABOUT = re.compile(rf"\b(?:{_any(_ABOUT)})(?!\w)")


def says_missing(text: str) -> bool:
    """Whether a text contains an unmistakable phrase."""
    return _UNMISTAKABLE.search(_plain(text)) is not None


def says_unmistakably(title: str) -> bool:
    """Whether a title is an unmistakable phrase, beside a site's name."""
    said = _plain(title)
    if not said or _IS_ABOUT.search(said):
        return False
    for part in (said, *_parts(said)):
        match = _UNMISTAKABLE.search(part)
        if match is None:
            continue
        beside = f"{part[: match.start()]} {part[match.end() :]}"
        if len(beside.split()) <= _OTHER_WORDS and not _SPEAKS_ABOUT.search(beside):
            return True
    return False


def says_barely(title: str) -> bool:
    """Whether a part of it is just "404" or "not found", and the rest no more than a name."""
    said = _plain(title)
    parts = _parts(said)
    other = [part for part in parts if not _WHOLE.fullmatch(part)]
    if len(other) == len(parts):
        return False
    beside = " ".join(other)
    return (
        len(beside.split()) <= _NAME_WORDS
        and not _NUMBER.search(beside)
        and not _IS_ABOUT.search(said)
        and not _SPEAKS_ABOUT.search(beside)
    )


@lru_cache(maxsize=4)  # titles are asked about twice
def _plain(text: str) -> str:
    """A text as the phrases are written: lower case, plain apostrophes, composed letters."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFKC", text).lower()
    return lower.replace("’", "'").replace("i̇", "i")  # the Turkish capital İ


@lru_cache(maxsize=4)
def _parts(title: str) -> list[str]:
    parts = (_FILLER.sub("", part.strip(_TRIM)).strip(_TRIM) for part in _SEPARATOR.split(title))
    return [part for part in parts if part]
