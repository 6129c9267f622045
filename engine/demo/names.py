"""Names for made-up customers, by language: given names and family names, each as written and for an address."""

from typing import Final

Pool = tuple[tuple[str, str], ...]


def _pool(text: str) -> Pool:
    """From `王=wang 李=li`; a name without `=` is written alike in both."""
    pairs = (word.partition("=") for word in text.split())
    return tuple((name, latin or name.lower()) for name, _, latin in pairs)


NAMES: Final[dict[str, tuple[Pool, Pool]]] = {
    "en": (
        _pool(
            "Alice Amara Ben Clara Daniel Edith Felix Grace Henry Iris Jack Kate Leo Maya Noah Olive Priya Ravi Sam Tess"
        ),
        _pool(
            "Adams Baker Carter Dixon Ellis Foster Gupta Hughes Irving Jones Kapoor Lewis Moore Nair Owen Price Quinn Reed"
        ),
    ),
    "zh-CN": (
        _pool(
            "梅=mei 雨桐=yutong 浩然=haoran 静=jing 子涵=zihan 明=ming 晓燕=xiaoyan 建国=jianguo 思远=siyuan 丽=li 文博=wenbo "
            "佳怡=jiayi 志强=zhiqiang 婷=ting 宇航=yuhang 春兰=chunlan"
        ),
        _pool(
            "王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 赵=zhao 黄=huang 周=zhou 吴=wu 徐=xu 孙=sun 林=lin 郑=zheng"
        ),
    ),
    "ru": (
        _pool(
            "Анна=anna Борис=boris Вера=vera Глеб=gleb Дарья=darya Ирина=irina Кирилл=kirill Лев=lev Мария=maria "
            "Никита=nikita Ольга=olga Павел=pavel Софья=sofya Тимур=timur Юлия=yulia"
        ),
        # Family names that are the same for women and men.
        _pool(
            "Шевченко=shevchenko Черных=chernykh Ткач=tkach Коваленко=kovalenko Седых=sedykh Мельник=melnik Гончар=gonchar "
            "Долгих=dolgikh Бондаренко=bondarenko Савченко=savchenko"
        ),
    ),
    "ko": (
        _pool(
            "민준=minjun 서연=seoyeon 지우=jiwoo 하은=haeun 도윤=doyun 수빈=subin 예준=yejun 지민=jimin 현우=hyunwoo 유진=yujin "
            "은지=eunji 태영=taeyoung 소희=sohee 준호=junho"
        ),
        _pool("김=kim 이=lee 박=park 최=choi 정=jung 강=kang 조=cho 윤=yoon 장=jang 임=lim 한=han 오=oh"),
    ),
}
